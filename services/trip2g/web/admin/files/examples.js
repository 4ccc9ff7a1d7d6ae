// Example queries of the playground: {title, query, variables}.

const failed = "... on ErrorPayload { message byFields { name value } }";

export const examples = [
  { title: "Who am I?", query: "{\n  viewer { role user { email } }\n}" },
  { title: "How is the site?", query: "{\n  overview {\n    notes pages hidden members warnings missing position\n    problems { text page }\n  }\n}" },
  { title: "Notes whose path or title contains a word", query: "query ($filter: NotesFilter) {\n  notes(filter: $filter) {\n    total\n    notes { path title url membersOnly publishedAt }\n  }\n}", variables: { filter: { text: "index", show: "ALL", first: 20 } } },
  { title: "A note and its versions", query: "query ($path: String!) {\n  note(path: $path) { id path url versions }\n}", variables: { path: "index.md" } },
  { title: "How two versions differ", query: "query ($from: Int64!, $to: Int64!) {\n  noteDifference(from: $from, to: $to) {\n    added removed\n    hunks { fromLine toLine lines { kind text } }\n  }\n}", variables: { from: 1, to: 2 } },
  { title: "What the server has, for a client that syncs", query: "query ($filter: NotePathsFilter) {\n  notePaths(filter: $filter) { path: value hash: latestContentHash assetReplaces { id url hash } }\n}", variables: { filter: { like: "%.md" } } },
  { title: "Publish a note", query: `mutation ($input: PushNotesInput!) {\n  pushNotes(input: $input) {\n    ... on PushNotesPayload { notes { id path } }\n    ${failed}\n  }\n}`, variables: { input: { updates: [{ path: "hello.md", content: "# Hello\n\nFrom the playground." }] } } },
  { title: "Hide a note", query: `mutation ($input: HideNotesInput!) {\n  hideNotes(input: $input) {\n    ... on HideNotesPayload { success }\n    ${failed}\n  }\n}`, variables: { input: { paths: ["hello.md"] } } },
  { title: "Restore a version", query: `mutation ($input: RestoreNoteVersionInput!) {\n  restoreNoteVersion(input: $input) {\n    ... on RestoreNoteVersionPayload { note { path publishedAt } }\n    ${failed}\n  }\n}`, variables: { input: { versionId: 1 } } },
  { title: "Make an address lead elsewhere", query: `mutation ($input: PutRedirectInput!) {\n  putRedirect(input: $input) {\n    ... on PutRedirectPayload { redirect { from to } }\n    ${failed}\n  }\n}`, variables: { input: { from: "/old/page", to: "/" } } },
  { title: "Warnings about notes", query: "{\n  warnings { path line text }\n}" },
  { title: "Members and keys", query: "{\n  members { email joinedAt sessions }\n  apiKeys { name hint lastUsedAt revokedAt }\n}" },
];
