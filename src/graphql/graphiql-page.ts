/** One tab of GraphiQL when it is opened first. */
export interface GraphiqlExample {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The page; its examples travel in it as data, which the script reads. */
export function graphiqlPage(path: string, examples: readonly GraphiqlExample[]): string {
  const data = JSON.stringify(examples).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Attune GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${path}/graphiql.css">
<style>body { margin: 0 } #graphiql { height: 100vh }</style>
</head>
<body>
<div id="graphiql"></div>
<script type="application/json" id="examples">${data}</script>
<script src="${path}/react.js"></script>
<script src="${path}/react-dom.js"></script>
<script src="${path}/graphiql.js"></script>
<script type="module" src="${path}/start.js"></script>
</body>
</html>
`;
}

/** Runs in the browser. Queries go by fetch, subscriptions by graphql-ws; both with what the tab's headers say. */
export const graphiqlScript = `import { createClient } from './client.js';

const examples = JSON.parse(document.getElementById('examples').textContent);
const key = new URLSearchParams(location.hash.slice(1)).get('key');
const defaults = { Authorization: 'Bearer ' + (key ?? 'your key') };
const headers = JSON.stringify(defaults, null, 2);
const isFirstVisit = localStorage.getItem('graphiql:tabState') === null;
const textOf = variables => variables && JSON.stringify(variables, null, 2);

function isSubscription({ operationName }, { documentAST } = {}) {
  const operations = (documentAST?.definitions ?? []).filter(it => it.kind === 'OperationDefinition');
  const asked = operations.find(it => !operationName || it.name?.value === operationName);
  return asked?.operation === 'subscription';
}

function subscribe(params, connectionParams) {
  const url = location.origin.replace(/^http/, 'ws') + '/graphql';
  const client = createClient({ url, connectionParams, retryAttempts: 2 });
  return client.iterate(params);
}

async function post(params, requestHeaders) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...requestHeaders },
    body: JSON.stringify(params),
  });
  return response.json();
}

const fetcher = (params, options) => {
  const given = options?.headers ?? defaults; // the schema is asked for before the headers' editor is there
  return isSubscription(params, options) ? subscribe(params, given) : post(params, given);
};

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultHeaders: headers,
    defaultEditorToolsVisibility: true,
    variables: isFirstVisit ? textOf(examples[0]?.variables) : undefined, // its own first tab forgets them
    shouldPersistHeaders: false,
    defaultTabs: examples.map(({ query, variables }) => ({ query, headers, variables: textOf(variables) })),
  }),
);
`;
