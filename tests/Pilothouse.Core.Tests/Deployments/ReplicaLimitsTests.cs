using Pilothouse.Core.Deployments;
using Xunit;

namespace Pilothouse.Core.Tests.Deployments;

public sealed class ReplicaLimitsTests
{
    [Theory]
    [InlineData("prod", 2, 2048)]
    [InlineData("dedicated", 2, 2048)]
    [InlineData("dev", 1, 1024)]
    [InlineData("dev_free", 1, 1024)]
    [InlineData("dev_zero", 1, 1024)]
    [InlineData("serverless", 1, 1024)]
    [InlineData(null, 1, 1024)]
    public void Each_deployment_type_has_its_size(string? type, double cores, long mebibytes)
    {
        var limits = ReplicaLimits.Of(type);

        Assert.Equal(cores, limits.CpuCores);
        Assert.Equal(mebibytes * 1024 * 1024, limits.MemoryBytes);
    }
}
