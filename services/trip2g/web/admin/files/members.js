import { ask, change } from "./api.js";
import { copyable } from "./copyable.js";
import { busy, button, confirm, el, fill, find, load, number, table, toast, when } from "./dom.js";

const person = "id email invitedAt joinedAt sessions groups";
const form = find("invite");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  busy(find("send"), async () => {
    const input = find("email");
    fill(find("fault"));
    input.removeAttribute("aria-invalid");
    try {
      await invite(input.value);
      form.reset();
    } catch (failure) {
      if (!failure.refused) throw failure;
      input.setAttribute("aria-invalid", "true");
      fill(find("fault"), failure.message);
    }
    input.focus();
  });
});

async function invite(email) {
  const made = await change(`mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { __typename
    ... on InviteMemberPayload { mailed signInUrl member { ${person} } } ...Errors } }`, { input: { email } });
  if (made.mailed) {
    fill(find("invited"));
    toast(`An invitation is on its way to ${made.member.email}.`);
  } else {
    fill(find("invited"), el("div", { class: "notice", role: "status" },
      el("p", {}, `${made.member.email} is a member now. This server sends no mail, so tell them yourself that they sign in at this address; there is no secret in it:`),
      copyable(made.signInUrl, "Copy the address")));
  }
  await show();
}

// chooseGroups opens a dialog to set a member's groups. It suggests existing groups.
async function chooseGroups(member, known) {
  const names = [...new Set([...known, ...member.groups])].sort();
  const others = el("input", { id: "other-groups", autocomplete: "off", maxLength: 600, "aria-describedby": "other-groups-hint" });
  const boxes = names.map((name) => el("input", { type: "checkbox", value: name, checked: member.groups.includes(name) }));
  const yes = await confirm({
    title: `Groups of ${member.email}`,
    body: [
      boxes.map((box) => el("label", { class: "check" }, box, el("span", {}, box.value))),
      el("div", { class: "field" }, el("label", { for: "other-groups" }, names.length > 0 ? "Other groups" : "Groups"), others,
        el("p", { class: "hint", id: "other-groups-hint" }, "Names with commas between them, as notes have them: subgraph: name.")),
    ],
    yes: "Save",
  });
  if (!yes) return;
  const groups = [...boxes.filter((box) => box.checked).map((box) => box.value), ...others.value.split(",").map((name) => name.trim()).filter(Boolean)];
  await change(`mutation ($input: SetMemberGroupsInput!) { setMemberGroups(input: $input) { __typename
    ... on SetMemberGroupsPayload { member { id } } ...Errors } }`, { input: { id: member.id, groups } });
  toast(`The groups of ${member.email} are saved.`);
  await show();
}

async function remove(member) {
  const yes = await confirm({
    title: `Remove ${member.email}?`,
    body: member.sessions > 0
      ? `They cannot read what is for members from now on: ${number(member.sessions, "session")} of theirs will end, on every node.`
      : "They cannot sign in from now on.",
    yes: "Remove", danger: true,
  });
  if (!yes) return;
  await change("mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { __typename ... on RemoveMemberPayload { success } ...Errors } }",
    { input: { id: member.id } });
  toast(`${member.email} is no member any more.`);
  await show();
}

async function end(session) {
  await change("mutation ($input: EndSessionInput!) { endSession(input: $input) { __typename ... on EndSessionPayload { success } ...Errors } }",
    { input: { id: session.id } });
  toast(`The session of ${session.email} has ended.`);
  await show();
}

async function show() {
  const { members, memberGroups, sessions } = await ask(`{ members { ${person} } memberGroups { name } sessions(everyone: true) { id email browser userAgent address createdAt expiresAt current } }`);
  const groups = memberGroups.map((group) => group.name);
  fill(find("members"), table("Members", [
    { title: "Address", class: "path", cell: (m) => m.email },
    { title: "Invited", class: "tight", cell: (m) => when(m.invitedAt) },
    { title: "Joined", class: "tight", cell: (m) => when(m.joinedAt, "not yet") },
    { title: "Groups", cell: (m) => m.groups.join(", ") },
    { title: "Sessions", class: "end", cell: (m) => number(m.sessions) },
    { title: "", class: "end", cell: (m) => el("p", { class: "buttons" },
      button("Groups", () => chooseGroups(m, groups), { class: "small", "aria-label": `Choose the groups of ${m.email}` }),
      button("Invite again", () => invite(m.email), { class: "small", "aria-label": `Invite ${m.email} again` }),
      button("Remove", () => remove(m), { class: "small danger", "aria-label": `Remove ${m.email}` })) },
  ], members, "There are no members yet. Invite the first one above."));
  fill(find("sessions"), table("Sessions", [
    { title: "Who", class: "path", cell: (s) => [s.email, " ", s.current && el("span", { class: "mark good" }, "this session"), el("span", { class: "second", title: s.userAgent }, s.browser)] },
    { title: "From", cell: (s) => s.address },
    { title: "Since", class: "tight", cell: (s) => when(s.createdAt) },
    { title: "Until", class: "tight", cell: (s) => when(s.expiresAt) },
    { title: "", class: "end", cell: (s) => !s.current && button("End", () => end(s), { class: "small danger", "aria-label": `End a session of ${s.email}` }) || "" },
  ], sessions));
}

load(find("members"), show);
