namespace EtfNet;

/// <summary>Where in a model a head was fitted.</summary>
/// <param name="Point">The path of the module whose output it takes: the last one of the layer's features.</param>
/// <param name="Whole">The path of the Sequential whose output is the model's; empty where that is the model itself.</param>
internal sealed record HeadPlace(string Point, string Whole);
