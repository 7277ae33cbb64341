import "./parts/theme-switch.js";
import "./parts/keys.js";
import "./parts/menus.js";
import "./parts/dialogs.js";
import "./parts/toasts.js";
import "./parts/selection.js";
import "./parts/copy.js";
import "./parts/submit-once.js";
