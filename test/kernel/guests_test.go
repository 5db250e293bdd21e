//go:build kernel

package kernel

import (
	"testing"
	"time"
)

// The ways to boot.
var (
	panelBoot  = boot{name: "panel", limit: 4 * time.Minute}
	disksBoot  = boot{name: "disks", flags: []string{"-b"}, disks: []int64{128 << 20, 256 << 20}, limit: 2 * time.Minute}
	travelBoot = boot{name: "travel", flags: []string{"-b", "-t"}, limit: time.Minute}
	phoneBoot  = boot{name: "phone", limit: 7 * time.Minute}
	powerBoot  = boot{name: "power", flags: []string{"-b"}, disks: []int64{24 << 20, 512 << 20}, limit: powerLimit()}
	sticksBoot = boot{name: "sticks", flags: []string{"-b"}, limit: 5 * time.Minute}
	dayBoot    = boot{name: "day", flags: []string{"-b", "-t"}, limit: 20 * time.Minute} // make soak
	boots      = []boot{panelBoot, sticksBoot, phoneBoot, disksBoot, travelBoot, powerBoot}
)

// guests are the tests that run inside the kernel.
var guests = []struct {
	name string
	boot boot
	test func(*testing.T)
}{
	{"Keypad", panelBoot, testKeypad},
	{"KeypadGhost", panelBoot, testKeypadGhost},
	{"Hook", panelBoot, testHook},
	{"SPIFrame", panelBoot, testSPIFrame},
	{"GPIOHabits", panelBoot, testGPIOHabits},
	{"KeypadDriver", panelBoot, testKeypadDriver},
	{"KeypadDriverGhost", panelBoot, testKeypadDriverGhost},
	{"HookDriver", panelBoot, testHookDriver},
	{"InputFigures", panelBoot, testInputFigures},
	{"LampDriver", panelBoot, testLampDriver},
	{"TakenLine", panelBoot, testTakenLine},
	{"PanelDrivers", panelBoot, testPanelDrivers},
	{"PanelRotations", panelBoot, testPanelRotations},
	{"PageDrivers", panelBoot, testPageDrivers},
	{"I2CDriver", panelBoot, testI2CDriver},
	{"I2CBoard", panelBoot, testI2CBoard},
	{"RP1", panelBoot, testRP1},
	{"LateLines", panelBoot, testLateLines},
	{"PWMLight", panelBoot, testPWMLight},
	{"InputDriver", panelBoot, testInputDriver},
	{"InputHotPlug", panelBoot, testInputHotPlug},
	{"Phone", phoneBoot, testPhone},
	{"PhoneUnplug", phoneBoot, testPhoneUnplug},
	{"PhoneHeadset", phoneBoot, testPhoneHeadset},
	{"PhoneBroken", phoneBoot, testPhoneBroken},
	{"Lamps", panelBoot, testLamps},
	{"PWM", panelBoot, testPWM},
	{"Sound20ms", panelBoot, func(t *testing.T) { testSound(t, 20) }},
	{"Sound5ms", panelBoot, func(t *testing.T) { testSound(t, 5) }},
	{"SoundUnplug", panelBoot, testSoundUnplug},
	{"StickVFAT", panelBoot, func(t *testing.T) { testStick(t, "mkfs.vfat") }},
	{"StickExFAT", panelBoot, func(t *testing.T) { testStick(t, "mkfs.exfat") }},
	{"HostileSticks", panelBoot, testHostileSticks},
	{"StickPulled", panelBoot, testStickPulled},
	{"StickReport", sticksBoot, testStickReport},
	{"USBSerial", panelBoot, testUSBSerial},
	{"USBButtons", panelBoot, testUSBButtons},
	{"Uinput", panelBoot, testUinput},
	{"Watchdog", panelBoot, testWatchdog},
	{"Clock", panelBoot, testClock},
	{"NetemIPv4", panelBoot, func(t *testing.T) { testNetem(t, "127.0.0.1") }},
	{"NetemIPv6", panelBoot, func(t *testing.T) { testNetem(t, "[::1]") }},
	{"VLAN", panelBoot, testVLAN},
	{"PowerCut", disksBoot, testPowerCut},
	{"FailingDisk", disksBoot, testFailingDisk},
	{"TimeTravel", travelBoot, testTimeTravel},
	{"Hours", travelBoot, testHours},
	{"Day", dayBoot, testDay},
	{"PowerStore", powerBoot, testPowerStore},
}
