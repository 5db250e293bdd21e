//go:build kernel

package kernel

import (
	"net"
	"testing"
	"time"
)

// testNetem delays the loopback device by 50 ms and measures a round trip, which
// passes it twice.
func testNetem(t *testing.T, address string) {
	server, err := net.ListenPacket("udp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		b := make([]byte, 16)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			if _, err := server.WriteTo(b[:n], from); err != nil {
				return
			}
		}
	}()
	client, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	shell(t, "tc qdisc add dev lo root netem delay 50ms")
	defer shell(t, "tc qdisc del dev lo root")
	b := make([]byte, 16)
	for range 5 {
		start := time.Now()
		if _, err := client.Write([]byte("ping")); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(b); err != nil {
			t.Fatal(err)
		}
		if rtt := time.Since(start); rtt < 99*time.Millisecond {
			t.Errorf("round trip %v, delayed by 100 ms", rtt)
		}
	}
	shell(t, "tc qdisc change dev lo root netem loss 100%")
	if err := client.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(b); err == nil {
		t.Error("a packet passed a device that loses all")
	}
}

// testVLAN: a voice VLAN over a cable to a switch, the switch being a namespace.
func testVLAN(t *testing.T) {
	t.Log(shell(t, `
		ip netns add switch
		ip link add cable type veth peer name port netns switch
		ip link set cable up; ip -n switch link set port up
		ip link add link cable name voice type vlan id 100
		ip -n switch link add link port name voice type vlan id 100
		ip addr add 10.9.0.1/24 dev voice; ip link set voice up
		ip -n switch addr add 10.9.0.2/24 dev voice; ip -n switch link set voice up
		ping -c 2 -i 0.2 -W 5 10.9.0.2
		ip link del cable; ip netns del switch`))
}
