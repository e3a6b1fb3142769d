// Upload of one small file: resolves to the server's answer; rejects with a sentence, or with "" when there is no
// connection.
export async function sendFile(address, file) {
  const body = new FormData();
  body.append("file", file, file.name || "picture.png");
  let answer;
  try {
    answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
  } catch {
    throw new Error("");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.detail ?? "");
  return told;
}
