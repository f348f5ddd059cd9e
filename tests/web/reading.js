// What on a page cannot be told by a screen reader, or hardly be read: things to press without a name, and
// text with a contrast under 4.5 to 1.
() => {
  const part = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[0-9.]+/g).slice(0, 3).map((value) => part(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const under = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!/, 0\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const pressed = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")];
  const named = (one) => one.labels?.length || one.textContent.trim() || one.getAttribute("aria-label");
  const found = pressed.filter((one) => !named(one)).map((one) => one.outerHTML);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() || element.closest("script, option, .unseen, .skip")) continue;
    const [bright, dark] = [light(getComputedStyle(element).color), light(under(element))].sort((x, y) => y - x);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${node.textContent.trim().slice(0, 20)}`);
  }
  return [...new Set(found)];
}
