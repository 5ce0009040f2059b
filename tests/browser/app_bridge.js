// A stand-in for Shopify's App Bridge: does for the test's own admin what App Bridge does for Shopify's, and tells the
// test of each call. It knows of the page only what App Bridge knows: calls of `shopify`, and elements in the document.
(() => {
  const told = (what, detail) => void window.toldToAdmin({ what, detail });
  const words = (element) => element.textContent.trim();
  let bar = null;

  window.shopify = {
    ready: Promise.resolve(),
    idToken: () => window.tokenOfAdmin(),
    loading: (isLoading) => told("loading", isLoading),
    toast: {
      show: (message, options) => {
        told("toast", { message, isError: options?.isError === true, action: options?.action ?? null });
        return "1";
      },
      hide: () => undefined,
    },
    saveBar: {
      show: async (id) => {
        bar = document.getElementById(id);
        told("save bar", [...bar.querySelectorAll("button")].map(words));
      },
      hide: async () => {
        bar = null;
        told("save bar", null);
      },
      // As App Bridge: resolved where the merchant leaves, or nothing is unsaved.
      leaveConfirmation: async () => {
        if (bar === null) return;
        told("leaving", null);
        if (!(await window.answerOfMerchant())) throw new Error("the merchant stays");
      },
    },
  };

  // The merchant presses something of the admin's.
  window.pressInAdmin = (kind, label) => {
    const all = kind === "save bar" ? bar.querySelectorAll("button") : document.querySelectorAll("s-app-nav s-link, s-page > *");
    const pressed = [...all].find((element) => words(element) === label);
    if (pressed.hasAttribute("href")) pressed.dispatchEvent(new CustomEvent("shopify:navigate", { bubbles: true }));
    else pressed.click();
  };

  let seen = "";
  const look = () => {
    const link = (element) => ({ href: element.getAttribute("href"), label: words(element), home: element.getAttribute("rel") === "home" });
    const page = document.querySelector("s-page");
    const frame = {
      navigation: [...document.querySelectorAll("s-app-nav s-link")].map(link),
      title: page?.getAttribute("heading") ?? null,
      actions: page === null ? [] : [...page.children].map((element) => `${element.slot}: ${words(element)}`),
    };
    if (JSON.stringify(frame) === seen) return;
    seen = JSON.stringify(frame);
    told("frame", frame);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  for (const name of ["pushState", "replaceState"]) {
    const own = history[name].bind(history);
    history[name] = (...given) => {
      own(...given);
      told("address", location.pathname);
    };
  }
})();
