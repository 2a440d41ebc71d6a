package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func deviceSamples() []Sample {
	const nobody = "No device is waiting with this code. Check it on the device, or start there again: codes are good for 15 minutes."
	unknown := wrong(problem.Unprocessable, "device_code_unknown", nobody, field("code", "device_code_unknown", nobody))
	ask := DeviceAsk{
		Code: "H4TW-9QKM", Client: "Living room TV", URI: "https://tv.example.org", APIs: []string{"https://films.example.org"},
		Scopes: []Scope{{Name: "openid", Text: "Know who you are"}, {Name: "films:read", Text: "See your films"}},
		Device: "Firefox on Linux", Place: "Lyon", IP: "192.0.2.1", Asked: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
	}
	bare := ask
	bare.URI, bare.APIs, bare.Scopes, bare.Device, bare.Place = "", nil, nil, "", ""
	return []Sample{
		signed("device", DeviceCode{}),
		signed("device-linked", DeviceCode{Code: "H4TW-9QKM"}),
		signed("device-wrong", DeviceCode{Form: unknown, Code: "H4TW-9QKN"}),
		signed("device-ask", ask),
		signed("device-ask-bare", bare),
		signed("device-approved", DeviceDone{Approved: true, Client: "Living room TV"}),
		signed("device-denied", DeviceDone{Client: "Living room TV"}),
	}
}
