// The installed agent server's own modules, by their path under dist/. Its package exports only some of them.
export const dist = new URL("../node_modules/@langchain/langgraph-api/dist/", import.meta.url);

export const load = (file) => import(new URL(file, dist).href);
