namespace EtfNet;

/// <summary>
/// What a centering does with n numbers x: with <c>t</c> the sum of all of them and <c>s = Shift t + LastShift x[n - 1]</c>, the first
/// <see cref="Copied"/> outputs are <c>Factor x + s</c>, the others <c>Tail t</c>.
/// </summary>
/// <param name="Summed">n: how many numbers are read, from the first on.</param>
/// <param name="Copied">At most n.</param>
/// <param name="Outputs">How many numbers come out, at least <see cref="Copied"/>.</param>
/// <param name="Factor">Of each number.</param>
/// <param name="Shift">Of their sum, in the copied ones.</param>
/// <param name="LastShift">Of the last number, likewise.</param>
/// <param name="Tail">Of their sum, in the others.</param>
internal readonly record struct CenteringForm(
    long Summed, long Copied, long Outputs, double Factor, double Shift, double LastShift = 0, double Tail = 0);
