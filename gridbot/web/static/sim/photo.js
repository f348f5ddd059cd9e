// A picture becomes a JPEG of at most 1280 px before it leaves the browser: small, and without the place
// and time a camera writes into it.

const LONGEST = 1280;

/** `source`: a File, or an image of the page. */
export async function shrink(source) {
  const image = source instanceof Blob ? await createImageBitmap(source) : await decoded(source);
  const [width, height] = [image.naturalWidth || image.width, image.naturalHeight || image.height];
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", 0.85);
  });
}

async function decoded(image) {
  await image.decode();
  return image;
}

export async function preview(canvas, blob) {
  const image = await createImageBitmap(blob);
  const scale = Math.max(canvas.width / image.width, canvas.height / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  canvas.getContext("2d").drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}
