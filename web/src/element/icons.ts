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
  hangUp: stroke('<path d="M3.5 14.5c0-1.6 3.4-4 8.500-4s8.500 2.400 8.500 4v1.200c0 .8-.7 1.300-1.500 1.100l-2.600-.6c-.6-.1-1-.7-1-1.300v-1.300a12 12 0 0 0-6.800 0v1.300c0 .6-.4 1.200-1 1.300l-2.600.6c-.8.2-1.500-.3-1.500-1.100z"/>'),
  sound: stroke('<path d="M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11"/>'),
  warning: stroke('<path d="M12 4l9 15.500H3zM12 10v4.500M12 17.200v.1"/>'),
  close: stroke('<path d="M6 6l12 12M18 6L6 18"/>'),
  conversation: stroke('<path d="M4 6.500A2.500 2.500 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v7a2.500 2.500 0 0 1-2.500 2.500H11l-4.500 4v-4A2.500 2.500 0 0 1 4 13.500z"/><path d="M8 8.500h8M8 12h5"/>'),
  figures: stroke('<path d="M4 14h3l2.500-8 4 13 2.500-8 1.200 3H20"/>'),
  settings: stroke('<path d="M4 7.500h9M17 7.500h3M4 16.500h3M11 16.500h9"/><circle cx="15" cy="7.500" r="2"/><circle cx="9" cy="16.500" r="2"/>'),
  light: stroke('<circle cx="12" cy="12" r="3.800"/><path d="M12 3v1.800M12 19.200V21M3 12h1.800M19.200 12H21M5.600 5.600l1.300 1.300M17.100 17.100l1.300 1.300M18.400 5.600l-1.300 1.300M6.900 17.100l-1.300 1.300"/>'),
  dark: stroke('<path d="M19.500 14.200A8 8 0 0 1 9.800 4.500a8 8 0 1 0 9.700 9.700z"/>'),
} as const;
