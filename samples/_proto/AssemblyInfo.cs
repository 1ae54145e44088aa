[assembly: System.Runtime.CompilerServices.IgnoresAccessChecksTo("TorchSharp")]
namespace System.Runtime.CompilerServices { [AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)] public class IgnoresAccessChecksToAttribute(string n) : Attribute { public string N => n; } }
