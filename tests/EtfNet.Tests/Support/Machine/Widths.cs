namespace EtfNet.Tests.Support;

/// <summary>Runs something on every width of vectors that this machine has, and without vectors.</summary>
internal static class Widths
{
    public static void Each(Action<SimdWidth> work)
    {
        try
        {
            foreach (var width in Enum.GetValues<SimdWidth>().Where(width => width <= SimdDispatch.Widest))
            {
                SimdDispatch.Force(width);
                work(width);
            }
        }
        finally
        {
            SimdDispatch.Force(null);
        }
    }
}
