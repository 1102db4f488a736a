using System.Text.Json.Nodes;
using Pilothouse.Contract.Tests.Contract;
using Pilothouse.Control.OpenApi;

namespace Pilothouse.Contract.Tests.Documents;

/// <summary>Our document as it is put together.</summary>
internal static class OurDocument
{
    public static ContractFile File { get; } = new(Merge());

    private static JsonObject Merge()
    {
        var (document, faults) = DocumentMerge.Run(ApiDocument.Fragments());
        return faults.Count == 0 ? document : throw new InvalidOperationException(string.Join('\n', faults));
    }
}
