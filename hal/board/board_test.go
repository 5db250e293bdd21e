package board

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"phoned/hal"
	"phoned/hal/haltest"
	"phoned/hal/serialpad"
)

func TestShippedBoards(t *testing.T) {
	files, err := filepath.Glob("../../boards/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The wiring of the shipped boards is the document's and the drawing's, and
// leaves the codec its lines.
func TestWiringIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/hardware.md")
	if err != nil {
		t.Fatal(err)
	}
	drawing, err := os.ReadFile("../../docs/img/wiring-pi4.svg")
	if err != nil {
		t.Fatal(err)
	}
	var lines [2][]string
	for i, name := range []string{"pi4", "pi5"} {
		text, err := os.ReadFile("../../boards/" + name + "-st7789.toml")
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = regexp.MustCompile(`GPIO\d+"`).FindAllString(string(text), -1)
		for j := range lines[i] {
			lines[i][j] = strings.TrimSuffix(lines[i][j], `"`)
		}
	}
	if len(lines[0]) != 12 || !slices.Equal(lines[0], lines[1]) {
		t.Errorf("the boards differ: %v and %v", lines[0], lines[1])
	}
	for _, l := range lines[0] {
		if !strings.Contains(string(doc), "| "+l+" |") || !strings.Contains(string(drawing), ">"+l+"<") {
			t.Errorf("%s is not in the document's table or not in the drawing", l)
		}
		if slices.Contains([]string{"GPIO2", "GPIO3", "GPIO18", "GPIO19", "GPIO20", "GPIO21"}, l) {
			t.Errorf("%s is the codec's", l)
		}
	}
	small, err := os.ReadFile("../../boards/zero2-oled.toml")
	if err != nil {
		t.Fatal(err)
	}
	if drawing, err = os.ReadFile("../../docs/img/wiring-oled.svg"); err != nil {
		t.Fatal(err)
	}
	for _, l := range regexp.MustCompile(`GPIO\d+"`).FindAllString(string(small), -1) {
		if l = strings.TrimSuffix(l, `"`); !strings.Contains(string(doc), "| "+l+" |") || !regexp.MustCompile(">"+l+`</text>\n<line`).Match(drawing) {
			t.Errorf("%s of the small build is not in the document's table, or nothing hangs on it in the drawing", l)
		}
	}
}

func TestErrorsNameLineAndField(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown field", "name = \"x\"\n[hook]\nline = \"A\"\noff_hook = \"low\"\nbounce = 3\n", "line 5, hook.bounce: there is no such field"},
		{"wrong type", "[keypad]\nrows = \"GPIO5\"\n", "line 2, keypad.rows:"},
		{"syntax", "[keypad\n", "line 1, board file:"},
		{"wrong level", "[hook]\nline = \"A\"\noff_hook = \"up\"\n", `line 3, hook.off_hook: "up" is not one of high, low`},
		{"missing level", "[hook]\nline = \"A\"\n", "line 1, hook.off_hook:"},
		{"line used twice", "[hook]\nline = \"A\"\noff_hook = \"low\"\n[panel]\ndriver = \"st7789\"\ndc = \"A\"\n", "line 6, panel.dc: line A is used by hook.line already"},
		{"key twice", "[keypad]\nrows = [\"A\"]\ncolumns = [\"B\", \"C\"]\nkeys = [[\"1\", \"1\"]]\n", `line 4, keypad.keys: key "1" is at row 1, column 1 and at row 1, column 2`},
		{"too few keys", "[keypad]\nrows = [\"A\", \"D\"]\ncolumns = [\"B\"]\nkeys = [[\"1\"]]\n", "line 4, keypad.keys: there are 1 rows of keys and 2 row lines"},
		{"driver", "[panel]\ndriver = \"crt\"\ndc = \"A\"\n", `line 2, panel.driver: "crt" is not one of ili9341, st7789, ssd1306, st7567`},
		{"colour on two wires", "[panel]\ndriver = \"st7789\"\ni2c = \"I2C1\"\n", `line 3, panel.i2c: an st7789 is not on I²C`},
		{"both buses", "[panel]\ndriver = \"ssd1306\"\ni2c = \"I2C1\"\ndc = \"A\"\n", `line 3, panel.i2c: give either`},
		{"address", "[panel]\ndriver = \"ssd1306\"\ni2c = \"I2C1\"\naddress = 0x80\n", `line 4, panel.address: 0x80`},
		{"one bit on its side", "[panel]\ndriver = \"st7567\"\ndc = \"A\"\nrotation = 90\n", `line 4, panel.rotation: 90`},
		{"one bit, size", "[panel]\ndriver = \"ssd1306\"\ndc = \"A\"\nwidth = 128\nheight = 32\n", `line 4, panel.width: an ssd1306 has 128×64`},
		{"lamp twice", "[[lamp]]\nid = \"mute\"\nline = \"A\"\nactive = \"low\"\n[[lamp]]\nid = \"mute\"\nline = \"B\"\nactive = \"low\"\n", `the lamp mute is there twice`},
		{"lamp colour", "[[lamp]]\nid = \"mute\"\nline = \"A\"\nactive = \"low\"\ncolour = \"pink\"\n", `line 5, lamp.colour: "pink"`},
		{"contrast", "[panel]\ndriver = \"st7567\"\ndc = \"A\"\ncontrast = 64\n", `line 4, panel.contrast: 64 is not between 1 and 63`},
		{"rotation", "[panel]\ndriver = \"st7789\"\ndc = \"A\"\nrotation = 45\n", "line 4, panel.rotation: 45"},
		{"pwm", "[panel]\ndriver = \"st7789\"\ndc = \"A\"\nlight_pwm = \"pwm0\"\n", `line 4, panel.light_pwm: "pwm0"`},
		{"two lights", "[panel]\ndriver = \"st7789\"\ndc = \"A\"\nlight = \"B\"\nlight_pwm = \"pwmchip0:1\"\n", `line 5, panel.light_pwm: the light is on line B`},
		{"device", "[scanner]\ndevice = \"COM3\"\n", `line 2, scanner.device: "COM3"`},
		{"baud", "[scanner]\ndevice = \"/dev/ttyACM0\"\nbaud = 1234\n", "line 3, scanner.baud: 1234"},
		{"pad number", "[serialpad]\ndevice = \"/dev/ttyACM0\"\nkeys = { one = \"1\" }\n", `line 3, serialpad.keys: "one" is not a number`},
		{"pad lamp", "[serialpad]\ndevice = \"/dev/ttyACM0\"\n[serialpad.lamps]\nk1 = 900\n", "line 3, serialpad.lamps: k1: 900"},
		{"input code", "[[input]]\nname = \"pad\"\nkeys = { KEY_TEA = \"1\" }\n", `line 3, input.keys: "KEY_TEA" is no key`},
		{"input device", "[[input]]\nkeys = { KEY_1 = \"1\" }\n", "line 1, input.device: give either"},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

// On a machine without the hardware every part is told in one sentence, and
// nothing fails.
func TestOpenWithoutHardware(t *testing.T) {
	text, err := os.ReadFile("../../boards/pi4-st7789.toml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	f.Lamps = []Lamp{{ID: "strip", Line: "NO-SUCH-LINE", Active: "high"}}
	for _, p := range []*string{&f.Keypad.Rows[0], &f.Hook.Line, &f.Panel.DC} {
		*p = "NO-SUCH-LINE"
	}
	d, missing := Open(f, nil)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	var parts []string
	for _, m := range missing {
		if m.Title == "" || m.Err == nil {
			t.Errorf("%+v", m)
		}
		parts = append(parts, m.Part)
	}
	if got := strings.Join(parts, " "); got != "keypad hook panel lamp" {
		t.Errorf("missing: %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"pi4-st7789", "virtual"} {
		text, err := os.ReadFile("../../boards/" + name + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse(text)
		if (file == nil) == (err == nil) {
			t.Fatalf("%v and %v", file, err)
		}
	})
}

// A serial keypad that is plugged in later works, and its going and coming is
// told.
func TestHotPlug(t *testing.T) {
	pty := haltest.NewPty(t)
	f := &File{SerialPad: &SerialPad{Device: pty.Path, Keys: map[string]hal.Key{"4": "k1"}, Lamps: map[string]int{"k1": 2}}}
	told := make(chan Missing, 8)
	d, missing := Open(f, func(m Missing) { told <- m })
	if len(missing) > 0 || len(d.Keypads) != 1 || d.Lamps == nil {
		t.Fatalf("%+v, %+v", d, missing)
	}
	if m := <-told; m.Err != nil || m.Part != "serialpad" {
		t.Fatalf("%+v", m)
	}
	pty.Type(serialpad.Message{Word: "K", Args: []string{"4", "1"}}.Encode())
	if e := <-d.Keypads[0].Events(); e.Key != "k1" || !e.Down {
		t.Fatalf("%+v", e)
	}
	pty.Unplug()
	if e := <-d.Keypads[0].Events(); e.Key != "k1" || e.Down {
		t.Fatalf("%+v", e)
	}
	if m := <-told; m.Err == nil {
		t.Fatalf("%+v", m)
	}
	_ = d.Keypads[0].Close()
}
