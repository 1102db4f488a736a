using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Pilothouse.Gateway;

/// <summary>
/// Answers leave one after the other. On sockets that go on inline (<see cref="GatewayFeature.UseGatewaySockets"/>) an answer that is sent the moment it is
/// ready wakes its client, whose next request wakes the thread that watches sockets, which takes the core from the next answer; in a queue
/// they leave together. Handlers only wait here, and what runs here does not block: it ends the request and sends.
/// </summary>
internal sealed class AnswerQueues
{
    // As Kestrel has of its own where it does not go on inline: one thread sends for many connections.
    private readonly Queue[] _queues = [.. Enumerable.Range(0, Math.Min(Environment.ProcessorCount, 16)).Select(_ => new Queue())];
    private int _next;

    public Queue Next() => _queues[(uint)Interlocked.Increment(ref _next) % (uint)_queues.Length];

    internal sealed class Queue : IThreadPoolWorkItem
    {
        private readonly ConcurrentQueue<Action> _waiting = new();
        private int _isRunning;

        public Turn GetAwaiter() => new(this);

        void IThreadPoolWorkItem.Execute()
        {
            do
            {
                while (_waiting.TryDequeue(out var goOn)) goOn();
                Interlocked.Exchange(ref _isRunning, 0);

                // One that came in between found it running.
            }
            while (!_waiting.IsEmpty && Interlocked.Exchange(ref _isRunning, 1) == 0);
        }

        private void Add(Action goOn)
        {
            _waiting.Enqueue(goOn);
            if (Interlocked.Exchange(ref _isRunning, 1) == 0) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        internal readonly struct Turn(Queue queue) : ICriticalNotifyCompletion
        {
            public bool IsCompleted => false;

            public void OnCompleted(Action continuation) => queue.Add(continuation);

            public void UnsafeOnCompleted(Action continuation) => queue.Add(continuation);

            public void GetResult()
            {
                // A turn cannot fail.
            }
        }
    }
}
