// Language of the player's labels: that of the page, else English. media-chrome reads it while it loads, so
// this is imported first.
import "media-chrome/lang/de.js";
import { setLanguage } from "media-chrome/utils/i18n.js";

setLanguage(document.documentElement.lang);
