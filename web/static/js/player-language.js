// The words on the player's buttons, in the language of the page; English where there are none. They are
// read while media-chrome loads, so this comes before it.
import "media-chrome/lang/de.js";
import { setLanguage } from "media-chrome/utils/i18n.js";

setLanguage(document.documentElement.lang);
