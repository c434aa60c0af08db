/** The page: the element, and around it the choice of person, the conversation, the figures and the settings. */

import "../visavis-avatar";
import { TroubleError } from "../api";
import type { VisavisClient } from "../client";
import { icons } from "../element/icons";
import { part } from "../element/template";
import type { VisavisAvatar } from "../element/avatar-element";
import { ControlPanel } from "./control/panel";
import { CreateDialog } from "./create";
import { Conversation } from "./conversation";
import { FiguresPanel } from "./figures-panel";
import { People } from "./people";
import { RoomDialog } from "./room";
import { Settings } from "./settings";
import { isDark, setTheme } from "./theme";

const AVATARS_RETRY_MS = 3_000;
const TOKEN_IN_ADDRESS = /^#token=(.+)$/;

declare global {
  interface Window {
    /** The conversation, for measuring and for the curious: state, stats, events with the times they arrived. */
    visavis?: VisavisClient;
  }
}

/** A toggle in the head of the page that shows and hides a panel, remembered on this machine. */
function panel(button: HTMLButtonElement, box: HTMLElement, icon: string, opened: () => void = () => undefined): (open: boolean) => void {
  const key = `visavis.${box.id}`;
  button.innerHTML = icon;
  const set = (open: boolean): void => {
    box.hidden = !open;
    button.ariaExpanded = String(open);
    localStorage.setItem(key, open ? "open" : "closed");
    if (open) opened();
  };
  button.addEventListener("click", () => set(box.hasAttribute("hidden")));
  set(localStorage.getItem(key) === "open");
  return set;
}

function takeTokenFromAddress(avatar: VisavisAvatar): void {
  const found = TOKEN_IN_ADDRESS.exec(location.hash)?.[1];
  if (!found) return;
  const token = decodeURIComponent(found);
  sessionStorage.setItem("visavis.token", token);
  avatar.setAttribute("token", token);
  history.replaceState(null, "", location.pathname + location.search);
}

function themeButton(button: HTMLButtonElement): void {
  const show = (): void => void (button.innerHTML = isDark() ? icons.light : icons.dark);
  button.addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  addEventListener("visavis-theme", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

function keys(avatar: VisavisAvatar): void {
  document.addEventListener("keydown", (event) => {
    const [target] = event.composedPath();
    const typing = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") avatar.client.interrupt();
    else if (typing) return;
    else if (event.key.toLowerCase() === "m") avatar.toggleMicrophone();
    else if (event.key === "/") avatar.focusText();
    else return;
    event.preventDefault();
  });
}

/** Fills the choice of people; keeps asking while the server is away, and again once a call is up. */
async function listPeople(avatar: VisavisAvatar, people: People): Promise<void> {
  try {
    const { avatars } = await avatar.avatars;
    people.list(avatars, avatar.client.avatar);
  } catch (error) {
    if (!(error instanceof TroubleError)) throw error;
    setTimeout(() => void listPeople(avatar, people), AVATARS_RETRY_MS);
  }
}

function main(): void {
  const avatar = part<VisavisAvatar>(document, "#avatar");
  const { client } = avatar;
  window.visavis = client;
  takeTokenFromAddress(avatar);
  const button = (id: string): HTMLButtonElement => part(document, `#${id}`);
  const conversationBox = part<HTMLElement>(document, "#conversation");
  const figuresBox = part<HTMLElement>(document, "#figures");
  const settings = new Settings(part(document, "#settings"), avatar);
  const people = new People(part(document, ".people"), ({ name, title }) => {
    client.setAvatar(name);
    if (client.state.phase === "live") avatar.notice(`${title} is on the way.`, "A person seen for the first time takes a little longer.");
  });
  const figures = new FiguresPanel(figuresBox);
  let showControl: (open: boolean) => void = () => undefined; // one of the two at a time: each takes the person's room
  const showConversation = panel(button("conversation-button"), conversationBox, icons.conversation, () => showControl(false));
  const conversation = new Conversation(conversationBox, () => showConversation(false));
  showControl = panel(button("control-button"), part(document, "#control"), icons.control, () => showConversation(false));
  new ControlPanel(part(document, "#control"), client, () => showControl(false));
  panel(button("figures-button"), figuresBox, icons.figures);
  const create = new CreateDialog(part(document, "#create"), client, ({ name, title, remarks }) => {
    void avatar.reload().then(({ avatars }) => {
      people.list(avatars, name);
      client.setAvatar(name);
      avatar.notice(`${title} is here.`, remarks.join(" "), remarks.length > 0);
    });
  });
  button("create-button").innerHTML = icons.add;
  button("create-button").addEventListener("click", () => create.open());
  themeButton(button("theme-button"));
  button("settings-button").innerHTML = icons.settings;
  button("settings-button").addEventListener("click", () => settings.open());
  keys(avatar);
  client.on("agent", (state) => people.mark(state.avatar));
  client.on("refused", () => people.mark(client.avatar));
  client.on("caption", () => conversation.show(client.captions.lines, avatar.personName));
  client.on("live", (live) => figures.show(live, client.serverStats));
  client.on("phase", ({ phase }) => {
    if (phase !== "live") figures.show(null, null);
  });
  if (location.pathname.endsWith("/room.html")) {
    button("create-button").hidden = true;
    new RoomDialog(part(document, "#room"), avatar).open();
  } else {
    void listPeople(avatar, people);
  }
}

main();
