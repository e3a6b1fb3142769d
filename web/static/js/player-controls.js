// Elements of the player's markup (templates/playback/player.html), each imported singly: the whole of media-chrome
// is a third larger.
import "media-chrome/media-controller.js";
import "media-chrome/media-control-bar.js";
import "media-chrome/media-captions-button.js";
import "media-chrome/media-error-dialog.js";
import "media-chrome/media-fullscreen-button.js";
import "media-chrome/media-loading-indicator.js";
import "media-chrome/media-mute-button.js";
import "media-chrome/media-pip-button.js";
import "media-chrome/media-play-button.js";
import "media-chrome/media-playback-rate-button.js";
import "media-chrome/media-poster-image.js";
import "media-chrome/media-preview-thumbnail.js";
import "media-chrome/media-preview-time-display.js";
import "media-chrome/media-seek-backward-button.js";
import "media-chrome/media-seek-forward-button.js";
import "media-chrome/media-time-display.js";
import "media-chrome/media-time-range.js";
import "media-chrome/media-volume-range.js";
import "media-chrome/menu/media-settings-menu.js";
import "media-chrome/menu/media-settings-menu-button.js";
import "media-chrome/menu/media-settings-menu-item.js";
import "media-chrome/menu/media-playback-rate-menu.js";
import "media-chrome/menu/media-rendition-menu.js";
