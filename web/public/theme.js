// Before the first paint: the theme that was chosen on this machine, if any.
try {
  document.documentElement.dataset.theme = localStorage.getItem("visavis.theme") ?? "auto";
} catch {
  document.documentElement.dataset.theme = "auto";
}
