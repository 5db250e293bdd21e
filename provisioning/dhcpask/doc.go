// Package dhcpask asks the DHCP servers of the site what they say in option 66, after
// somebody else has got the lease: by DHCPINFORM (RFC 2131 §4.4.3), so that it works
// whichever of the network managers runs. Asking needs CAP_NET_RAW, which the phone does
// not have: a helper asks (Serve), a process for this one question that the service
// manager starts for the phone's connection (Offers).
//
// What a server says is a stranger's text; provisioning.OfferURL decides about it.
package dhcpask
