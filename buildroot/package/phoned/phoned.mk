################################################################################
#
# phoned
#
################################################################################

PHONED_VERSION = 0.1.0
# The tree beside this one; it must carry vendor/ (go mod vendor), because
# local sites are not post-processed after download.
PHONED_SITE = $(BR2_EXTERNAL_PHONED_PATH)/..
PHONED_SITE_METHOD = local
PHONED_LICENSE = Apache-2.0
PHONED_LICENSE_FILES = LICENSE
PHONED_GOMOD = phoned
PHONED_BUILD_TARGETS = cmd/phoned
PHONED_DEPENDENCIES = alsa-lib host-pkgconf opus speexdsp
# Buildroot has webrtc-audio-processing 1.x, another API: speexdsp alone.
PHONED_TAGS = nolibopusfile speexdsp
PHONED_LDFLAGS = -s -w -X main.version=$(PHONED_VERSION)

define PHONED_INSTALL_BOARDS
	$(INSTALL) -D -m 0644 $(@D)/boards/pi4-st7789.toml \
		$(TARGET_DIR)/etc/phoned/board.toml
endef
PHONED_POST_INSTALL_TARGET_HOOKS += PHONED_INSTALL_BOARDS

define PHONED_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/systemd/phoned.service \
		$(TARGET_DIR)/usr/lib/systemd/system/phoned.service
	$(INSTALL) -D -m 0644 $(@D)/systemd/phoned-key.service \
		$(TARGET_DIR)/usr/lib/systemd/system/phoned-key.service
endef

define PHONED_USERS
	phoned -1 phoned -1 * /var/lib/phoned - audio,video,input,dialout,gpio,spi desk phone
endef

$(eval $(golang-package))
