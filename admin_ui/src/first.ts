/**
 * The first script: with the style rules there, the page's own word that it is coming is painted before the work of
 * the others, which are fetched meanwhile. A page that nobody sees is not painted.
 */
import "./kit/tokens.css";
import "./kit/base.css";

const begin = () => void import("./main");
if (document.visibilityState === "hidden") begin();
else requestAnimationFrame(() => setTimeout(begin));
