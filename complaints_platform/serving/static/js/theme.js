// The chosen appearance, before anything is painted. A classic script in the head: a module would come too late.
document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";
