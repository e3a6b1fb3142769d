"""A lecture to look at: slides that change, somebody who moves in a corner, and a beep each second."""

from tests.media.sources import AAC, X264, made, picture, sound

SECONDS = 75
SCENE = (
    f"color=0xf6f4ee:s=1920x1080:r=25:d={SECONDS}[slide];"
    f"testsrc2=s=480x270:r=25:d={SECONDS}[talk];"
    "[slide][talk]overlay=W-w-48:H-h-48"
)
argv = made(picture(1920, 1080, "25", SECONDS, scene=SCENE), sound(SECONDS), *X264, *AAC)
