// screenOn draws the phone's display, as its stream of frames tells it, on a canvas.
// The function it gives takes one frame; frames are drawn in their order.
export function screenOn(canvas, drawn = () => {}) {
  const lcd = canvas.getContext('2d');
  let drawing = Promise.resolve();
  return (f) => {
    drawing = drawing.then(async () => {
      if (canvas.width !== f.width || canvas.height !== f.height) { canvas.width = f.width; canvas.height = f.height; }
      for (const p of f.patches) {
        const raw = Uint8Array.from(atob(p.png), (c) => c.charCodeAt(0));
        const bmp = await createImageBitmap(new Blob([raw], { type: 'image/png' }));
        lcd.drawImage(bmp, p.x, p.y); bmp.close();
      }
      canvas.dataset.seq = f.seq;
      drawn();
    }).catch(() => {});
  };
}
