import asyncio
import re

from langchain_core.messages import AIMessage
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph

ORDERS = re.compile(r"(\d{1,6}) steps of (\d{1,6}) ms")


async def echo(state: MessagesState) -> dict:
    """Answers with what it was told; "N steps of M ms" makes it work that long and say so step by step."""
    text = str(state["messages"][-1].content) if state["messages"] else ""
    if order := ORDERS.fullmatch(text):
        write = get_stream_writer()
        for step in range(1, int(order[1]) + 1):
            await asyncio.sleep(int(order[2]) / 1000)
            write({"step": step})
    return {"messages": [AIMessage(f"echo: {text}")]}


graph = StateGraph(MessagesState).add_node("echo", echo).add_edge(START, "echo").add_edge("echo", END).compile()
