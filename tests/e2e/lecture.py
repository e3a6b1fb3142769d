"""Generated lecture for screenshots: slides rendered by a browser, motion in a corner, a hum."""

import asyncio
from pathlib import Path

from playwright.async_api import Browser

from transcoder.ffmpeg.tools import Tools

SECONDS_OF_SLIDE = 9
SLIDES = (
    ("Vectors and spaces", ("Linear algebra, first lecture", "Ines Moreau")),
    ("Today", ("What a vector is", "Adding and stretching", "Spaces and their bases")),
    ("A vector", ("has a length and a direction", "has no place", "v = (3, 1)")),
    ("Adding", ("tip to tail: u + v = v + u", "(1, 2) + (3, 1) = (4, 3)")),
    ("Stretching", ("2 · (3, 1) = (6, 2)", "−1 turns it round")),
    ("A space", ("closed under both", "contains the zero vector")),
    ("A basis", ("spans the space", "and nothing in it is superfluous")),
    ("Next week", ("Linear maps and their matrices",)),
)
SECONDS = SECONDS_OF_SLIDE * len(SLIDES)
PAGE = """<style>
  body {{ margin: 0; width: 1920px; height: 1080px; box-sizing: border-box; padding: 130px 150px;
          background: #fbfaf6; color: #16202a; font: 62px/1.7 system-ui, sans-serif; }}
  h1 {{ margin: 0 0 60px; font-size: 116px; line-height: 1.1; color: #0f5f78; }}
  li::marker {{ color: #c3872b; }}
</style><h1>{title}</h1><ul>{points}</ul>"""


async def make(browser: Browser, tools: Tools, file: Path) -> None:
    """1920×1080, 25 fps, stereo. Encoding takes about a tenth of the lecture's duration."""
    slides = file.with_name("slides")
    slides.mkdir()
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    for number, (title, points) in enumerate(SLIDES):
        await page.set_content(
            PAGE.format(title=title, points="".join(f"<li>{point}</li>" for point in points))
        )
        await page.screenshot(path=slides / f"{number}.png")
    await page.close()
    corner = f"gradients=s=400x300:r=25:d={SECONDS}:speed=0.02:c0=0x0f5f78:c1=0xc3872b:n=2"
    argv = [
        *("-framerate", f"1/{SECONDS_OF_SLIDE}", "-i", str(slides / "%d.png")),
        *("-f", "lavfi", "-i", corner),
        *("-f", "lavfi", "-i", f"aevalsrc='0.1*sin(2*PI*(180+40*sin(t))*t)|0.1*sin(2*PI*190*t)':d={SECONDS}"),
        *("-filter_complex", "[0]fps=25[slide];[slide][1]overlay=W-w-60:H-h-60:shortest=1,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(file)),
    ]
    process = await asyncio.create_subprocess_exec(str(tools.ffmpeg), "-v", "error", "-y", *argv)
    assert await process.wait() == 0
