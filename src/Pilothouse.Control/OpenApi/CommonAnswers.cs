using System.Text.Json.Nodes;

namespace Pilothouse.Control.OpenApi;

/// <summary>What every operation may answer that needs a key, unless it says more of that answer itself.</summary>
internal static class CommonAnswers
{
    private static readonly (string Status, string Response)[] s_all = [("429", "TooManyRequests"), ("503", "Unavailable")];

    public static void AddTo(JsonObject document)
    {
        foreach (var operation in DocumentMerge.Operations(document))
        {
            if (operation["responses"] is not JsonObject answers || !answers.ContainsKey("401")) continue;
            foreach (var (status, response) in s_all)
                if (!answers.ContainsKey(status)) answers[status] = new JsonObject { ["$ref"] = $"#/components/responses/{response}" };
        }
    }
}
