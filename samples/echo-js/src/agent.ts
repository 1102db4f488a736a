import { AIMessage } from "@langchain/core/messages";
import { MessagesAnnotation, StateGraph, type LangGraphRunnableConfig } from "@langchain/langgraph";

const orders = /^(\d{1,6}) steps of (\d{1,6}) ms$/;

/** Answers with what it was told; "N steps of M ms" makes it work that long and say so step by step. */
async function echo(state: typeof MessagesAnnotation.State, config: LangGraphRunnableConfig) {
  const text = String(state.messages.at(-1)?.content ?? "");
  const order = orders.exec(text);
  for (let step = 1; order !== null && step <= Number(order[1]); step++) {
    await new Promise((resolve) => setTimeout(resolve, Number(order[2])));
    config.writer?.({ step });
  }
  return { messages: [new AIMessage(`echo: ${text}`)] };
}

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("echo", echo)
  .addEdge("__start__", "echo")
  .addEdge("echo", "__end__")
  .compile();
