// Requests to the API. Every response comes from the leader, through the node that serves this
// page.

const address = "/_system/graphql";

// Failure is an error with a message for people. fields are the invalid parts of the input, each
// with name and value. code is the API's error code, "away" without a response of the API. refused
// is true if the API understood the request and rejected it.
export class Failure extends Error {
  constructor(message, { fields = [], code = "", refused = false } = {}) {
    super(message);
    this.name = "Failure";
    this.fields = fields;
    this.code = code;
    this.refused = refused;
  }

  // temporary reports whether a retry can succeed.
  get temporary() {
    return this.code === "away" || this.code === "unavailable";
  }
}

// ask sends an operation and returns its data. It throws a Failure for every error. push is the id
// of the push that the operation belongs to, folder the name of the published folder.
export async function ask(query, variables = {}, { signal, push, folder, keepalive } = {}) {
  return data(await send({
    method: "POST",
    headers: {
      "Content-Type": "application/json", ...(push ? { "X-Push-Id": push } : {}),
      ...(folder ? { "X-Vault-Name": encodeURIComponent(folder) } : {}),
    },
    body: JSON.stringify({ query, variables }),
    signal,
    keepalive,
  }));
}

// change sends a mutation of one field and returns that field's payload. It throws an ErrorPayload
// as a Failure, so the operation must request it with ...Errors.
export async function change(query, variables = {}, options = {}) {
  return payload(await ask(query + errors, variables, options));
}

// errors is the fragment on ErrorPayload for a mutation's union.
const errors = "\nfragment Errors on ErrorPayload { code message byFields { name value } }";

// upload sends a mutation of one field whose variable input.file is a file (the GraphQL multipart
// request specification). It calls progress with the number of bytes sent.
export function upload(query, variables, file, { signal, push, progress = () => {} } = {}) {
  const form = new FormData();
  form.append("operations", JSON.stringify({ query: query + errors, variables }));
  form.append("map", JSON.stringify({ 0: ["variables.input.file"] }));
  form.append("0", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not report upload progress
    request.open("POST", address);
    request.setRequestHeader("GraphQL-Require-Preflight", "1"); // the API rejects forms that any page could send
    if (push) request.setRequestHeader("X-Push-Id", push);
    request.upload.addEventListener("progress", (event) => progress(event.loaded));
    request.addEventListener("load", () => {
      try {
        resolve(payload(data({ status: request.status, text: request.responseText, type: request.getResponseHeader("Content-Type") ?? "" })));
      } catch (failure) {
        reject(failure);
      }
    });
    request.addEventListener("error", () => reject(away()));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    if (signal?.aborted) {
      reject(new DOMException("stopped", "AbortError"));
      return;
    }
    request.send(form);
  });
}

// raw sends a request's body unchanged and returns the response, for the playground.
export async function raw(query, variables, operationName) {
  return send({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables, ...(operationName ? { operationName } : {}) }),
  });
}

async function send(options) {
  let response;
  try {
    response = await fetch(address, { ...options, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw away();
  }
  return { status: response.status, text: await response.text(), type: response.headers.get("Content-Type") ?? "" };
}

function away() {
  return new Failure("The node did not answer. It may be restarting: try again in a moment.", { code: "away" });
}

const cannotServe = [408, 429, 502, 503, 504]; // statuses of a node that is temporarily unavailable

function data({ status, text, type }) {
  let answer;
  try {
    answer = type.startsWith("application/json") ? JSON.parse(text) : undefined;
  } catch {
    answer = undefined;
  }
  const error = answer?.errors?.[0];
  if (error) throw new Failure(error.message, { code: error.extensions?.code ?? (cannotServe.includes(status) ? "away" : "") });
  if (!answer?.data && status === 413) {
    throw new Failure("A proxy in front of the server refuses requests of this size (413): raise its limit, in nginx client_max_body_size.", { code: "too_large" });
  }
  if (!answer?.data) {
    const said = text.trim().slice(0, 300);
    throw new Failure(`The server answered with status ${status}${said && !said.startsWith("<") ? `: ${said}` : "."}`, { code: "away" });
  }
  return answer.data;
}

function payload(answer) {
  const [result] = Object.values(answer);
  if (result?.__typename === "ErrorPayload") {
    throw new Failure(result.message, { fields: result.byFields ?? [], code: result.code, refused: result.code !== "unauthorized" });
  }
  return result;
}
