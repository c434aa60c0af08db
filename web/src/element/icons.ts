/** Our own icons, 24 units square, drawn with the current colour. */

const stroke = (body: string): string =>
  `<svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" ` +
  `stroke-linejoin="round" aria-hidden="true" focusable="false">${body}</svg>`;

const MICROPHONE = '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>';

export const icons = {
  microphone: stroke(MICROPHONE),
  microphoneOff: stroke(`${MICROPHONE}<path d="M4 4l16 16"/>`),
  stop: stroke('<rect x="6.5" y="6.5" width="11" height="11" rx="2.5" fill="currentColor"/>'),
  send: stroke('<path d="M12 19V5.5M6 11l6-6 6 6"/>'),
  hangUp: stroke('<path fill="currentColor" d="M2.5 14c0-2.7 4.2-5.5 9.5-5.5s9.5 2.8 9.5 5.5v1.4c0 .9-.8 1.5-1.7 1.3l-3-.7c-.7-.2-1.2-.8-1.2-1.5v-1.7a13 13 0 0 0-7.2 0v1.7c0 .7-.5 1.3-1.2 1.5l-3 .7c-.9.2-1.7-.4-1.7-1.3z"/>'),
  sound: stroke('<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>'),
  warning: stroke('<path d="M12 4l9 15.5H3zM12 10v4.5M12 17.2v.1"/>'),
  close: stroke('<path d="M6 6l12 12M18 6L6 18"/>'),
  conversation: stroke('<path d="M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5z"/><path d="M8 8.5h8M8 12h5"/>'),
  add: stroke('<path d="M12 5.5v13M5.5 12h13"/>'),
  control: stroke('<path d="M12 3.2a8.8 8.8 0 1 0 0 17.6 8.8 8.8 0 0 0 0-17.6z"/><path d="M8.3 14.2c1 1.6 2.3 2.3 3.7 2.3s2.7-.7 3.7-2.3"/><path d="M9 9.2v.6M15 9.2v.6"/>'),
  figures: stroke('<path d="M4 14h3l2.5-8 4 13 2.5-8 1.2 3H20"/>'),
  settings: stroke('<path d="M4 7.5h9M17 7.5h3M4 16.5h3M11 16.5h9"/><circle cx="15" cy="7.5" r="2"/><circle cx="9" cy="16.5" r="2"/>'),
  light: stroke('<circle cx="12" cy="12" r="3.8"/><path d="M12 3v1.8M12 19.2V21M3 12h1.8M19.2 12H21M5.6 5.6l1.3 1.3M17.1 17.1l1.3 1.3M18.4 5.6l-1.3 1.3M6.9 17.1l-1.3 1.3"/>'),
  dark: stroke('<path d="M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z"/>'),
} as const;
