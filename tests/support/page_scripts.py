"""Scripts that examine the page in a browser; each returns a list of what is wrong."""

BEYOND_THE_EDGE = """
return [...document.querySelectorAll("main .room *, main .phones *, main .gateway *")]
  .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > innerWidth)
  .filter((one) => !one.closest("#numbers, #steps"))
  .map((one) => one.className || one.tagName);
"""

CONTRAST = """
const light = (colour) => {
  const [r, g, b] = colour.map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
const brush = canvas.getContext("2d", { willReadFrequently: true });
const rgb = (colours) => {
  brush.clearRect(0, 0, 1, 1);
  for (const colour of colours) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
  return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)];
};
const ground = (node) => getComputedStyle(node).backgroundColor;
const grounds = (node) => node ? [...grounds(node.parentElement), ground(node)] : [];
return [...document.querySelectorAll("body *")]
  .filter((one) => [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .filter((one) => one.getClientRects().length && !one.closest("select, .skip"))
  .map((one) => {
    const under = light(rgb(grounds(one)));
    const words = light(rgb([...grounds(one), getComputedStyle(one).color]));
    const ratio = (Math.max(under, words) + 0.05) / (Math.min(under, words) + 0.05);
    return [ratio, one.className || one.id || one.tagName];
  })
  .filter(([ratio]) => ratio < 4.5);
"""
