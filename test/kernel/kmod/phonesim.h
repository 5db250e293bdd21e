/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of the phonesim GPIO chip. */
#ifndef PHONESIM_H
#define PHONESIM_H

enum {
	PHONESIM_HOOK = 0,
	PHONESIM_ROW0 = 1,   /* five rows */
	PHONESIM_COL0 = 6,   /* six columns */
	PHONESIM_LCD_DC = 12, /* then LCD_RST, LCD_BL */
	PHONESIM_LED0 = 15,  /* four lamps */
	PHONESIM_LINES = 19,
};

int phonesim_level(unsigned int line);

#endif
