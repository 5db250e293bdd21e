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
PHONED_BUILD_TARGETS = cmd/phoned cmd/phonectl
PHONED_DEPENDENCIES = alsa-lib host-pkgconf opus speexdsp
# Buildroot has webrtc-audio-processing 1.x, another API: speexdsp alone.
PHONED_TAGS = nolibopusfile speexdsp
PHONED_LDFLAGS = -s -w -X main.version=$(PHONED_VERSION)

define PHONED_INSTALL_FILES
	$(INSTALL) -D -m 0644 $(@D)/packaging/board.toml \
		$(TARGET_DIR)/etc/phoned/board.toml
	$(INSTALL) -D -m 0644 $(@D)/packaging/phoned.toml \
		$(TARGET_DIR)/etc/phoned/phoned.toml
	$(INSTALL) -d -m 0755 $(TARGET_DIR)/usr/share/phoned/boards
	$(INSTALL) -m 0644 $(@D)/boards/*.toml $(TARGET_DIR)/usr/share/phoned/boards
	$(INSTALL) -D -m 0755 $(@D)/packaging/libexec/trial-guard \
		$(TARGET_DIR)/usr/lib/phoned/trial-guard
	$(INSTALL) -D -m 0644 $(@D)/systemd/60-phoned.rules \
		$(TARGET_DIR)/usr/lib/udev/rules.d/60-phoned.rules
	$(INSTALL) -D -m 0644 $(@D)/systemd/phoned.tmpfiles \
		$(TARGET_DIR)/usr/lib/tmpfiles.d/phoned.conf
endef
PHONED_POST_INSTALL_TARGET_HOOKS += PHONED_INSTALL_FILES

# The units say themselves, in [Install], where they belong: Buildroot's
# "systemctl preset-all" enables those.
define PHONED_INSTALL_INIT_SYSTEMD
	$(INSTALL) -d -m 0755 $(TARGET_DIR)/usr/lib/systemd/system
	for unit in $(@D)/systemd/*.service $(@D)/systemd/*.socket \
			$(@D)/systemd/*.timer $(@D)/systemd/*.slice; do \
		$(INSTALL) -m 0644 $$unit $(TARGET_DIR)/usr/lib/systemd/system/ || exit 1; \
	done
endef

define PHONED_USERS
	phoned -1 phoned -1 * /var/lib/phoned - audio,video,input,dialout,gpio,spi,i2c desk phone
endef

$(eval $(golang-package))
