// Package lcd draws a ui.Screen: Renderer on a colour panel of 320×240 pixels
// or more, Mono on a panel of one bit a pixel, 128×64 or more.
//
//	ui.Screen → layout (display list of items) → difference to the last list
//	→ dirty rectangles → paint the items that touch them
//
// The display list is the whole truth of a picture: tests read overlap,
// clipping, grid and contrast from it, and two lists tell exactly which pixels
// change. All drawing is done in Go with integer arithmetic where a pixel
// depends on it, so a picture is the same on every machine.
//
// A Renderer or Mono belongs to one goroutine. Nothing here runs by itself.
package lcd
