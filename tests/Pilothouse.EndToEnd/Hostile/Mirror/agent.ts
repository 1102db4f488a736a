import { AIMessage } from "@langchain/core/messages";
import { MessagesAnnotation, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";

interface Order {
  /** Names of variables whose values are answered, each as base64 of its UTF-8. */
  env?: string[];
  /** Names of request headers (`x-…`) whose values are answered in the same way. */
  headers?: string[];
  /** Bytes for standard output, as base64. */
  print?: string;
  /** This many bytes in one line without an end, with terminal sequences in between. */
  flood?: number;
}

function write(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => process.stdout.write(bytes, (failure) => (failure ? reject(failure) : resolve())));
}

/** Answers with what it sees of its world, and prints what it is told to. */
async function mirror(state: typeof MessagesAnnotation.State, config: LangGraphRunnableConfig) {
  const order = JSON.parse(String(state.messages.at(-1)?.content ?? "{}")) as Order;
  const seen = [...(order.env ?? []).map((name) => process.env[name]), ...(order.headers ?? []).map((name) => config.configurable?.[name])];
  const answer = seen.map((value) => Buffer.from(String(value ?? "(not set)"), "utf8").toString("base64"));
  if (order.print !== undefined) await write(Buffer.from(order.print, "base64"));
  const chunk = Buffer.alloc(64 * 1024, "\u001b[31m\u202eflood \u001b]0;title\u0007");
  for (let left = order.flood ?? 0; left > 0; left -= chunk.length) await write(chunk);
  return { messages: [new AIMessage(JSON.stringify(answer))] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("mirror", mirror)
  .addEdge("__start__", "mirror")
  .addEdge("mirror", "__end__")
  .compile();
