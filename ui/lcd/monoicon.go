package lcd

import (
	"strings"

	"phoned/ui"
)

// bitIcon is the side of an icon of one bit a pixel.
const bitIcon = 8

// bitIcons are drawn by hand: at this size every pixel counts. Rows are
// separated by |.
var bitIcons = map[ui.Icon]string{
	ui.IconDot:       "||  ##| ####| ####|  ##",
	ui.IconRecord:    "|  ###| #####| #####| #####|  ###",
	ui.IconLock:      "  ###| #   #| #   #|#######|#######|### ###|#######",
	ui.IconRemote:    " #####|#  #  #|#  #  #|#######|#  #  #|#  #  #| #####",
	ui.IconKeyLock:   " ###|#   #|#   #|#   #| ###|  ##|  #|  ##",
	ui.IconMoon:      "  ###| ##|##|##|##   #| #####|  ###",
	ui.IconForward:   "    #|    ##|#######|#   ##|#   #|#|#",
	ui.IconMail:      "|#######|##   ##|# # # #|#  #  #|#######",
	ui.IconMissed:    "|#     #|# #  #|#  ##|####|#|#",
	ui.IconHeadset:   "  ###| #   #|#     #|#     #|##   ##|##   ##|##   ##",
	ui.IconHandset:   "##|###|###|##|###|####  #| ######|  #####",
	ui.IconSpeaker:   "   #|  ## #|####  #|####  #|####  #|  ## #|   #",
	ui.IconMicOff:    "#  ##|#####|  ###|# ### #|# # # #| ##### | # ##|#  # #",
	ui.IconPause:     "|##  ##|##  ##|##  ##|##  ##|##  ##|##  ##",
	ui.IconIn:        "      #|     #|#   #|#  #|# #|##|#####",
	ui.IconOut:       "  #####|     ##|    # #|   #  #|  #   #| #|#",
	ui.IconWarn:      "   #|   #|  ###|  # #| ## ##| #####|### ###|#######",
	ui.IconNoNetwork: "#     #| #   #|  # #|   #|  # #| #   #|#     #",
	ui.IconBell:      "   #|  ###| #####| #####| #####|#######|   #",
	ui.IconBellOff:   "#  #|##### |  ####| # ###| ## ##|### ###|   # #",
	ui.IconInfo:      "  ###| ## ##|#######|### ###|### ###| ## ##|  ###",
	ui.IconCheck:     "|      #|     ##|#   ##|## ##| ###|  #",
	ui.IconChevron:   "| ##|  ##|   ##|   ##|  ##| ##",
	ui.IconCross:     "|##  ##| ####|  ##|  ##| ####|##  ##",
	ui.IconBars1:     "||||||##|## # #",
	ui.IconBars2:     "||||  ##|  ##|####|#### #",
	ui.IconBars3:     "||    ##|    ##|  ####|  ####|######|######",
	ui.IconBars4:     "      ##|      ##|    ####|    ####|  ######|  ######|########|########",
}

var bitIconRows = func() map[ui.Icon][]string {
	out := map[ui.Icon][]string{}
	for n, d := range bitIcons {
		out[n] = strings.Split(d, "|")
	}
	return out
}()

func iconRows(n ui.Icon) []string { return bitIconRows[n] }
