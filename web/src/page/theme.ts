/** Dark, light, or as the system says. Remembered on this machine. */

export type Theme = "auto" | "light" | "dark";
const KEY = "visavis.theme";

export function currentTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "auto";
}

export function isDark(theme = currentTheme()): boolean {
  return theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEY, theme);
  dispatchEvent(new Event("visavis-theme"));
}
