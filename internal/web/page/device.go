package page

import "time"

// DeviceCode is /device: POST code there.
type DeviceCode struct {
	Form
	Code string // as typed, or from the link the device showed
}

// DeviceAsk is what a device wants, to be compared with what it shows: POST code
// and decision, approve or deny, to /device.
type DeviceAsk struct {
	Form
	Code   string
	Client string
	URI    string // of the client, as it says; may be empty
	Scopes []Scope
	APIs   []string
	Device string // the program that asked; may be empty
	Place  string // approximate; may be empty
	IP     string
	Asked  time.Time
}

// DeviceDone is the end of it.
type DeviceDone struct {
	Approved bool
	Client   string
}

func (DeviceCode) sheet() sheet {
	return sheet{name: "device", layout: card, labels: map[string]string{"code": "device.code"}}
}
func (DeviceAsk) sheet() sheet  { return sheet{name: "device_ask", layout: card} }
func (DeviceDone) sheet() sheet { return sheet{name: "device_done", layout: card} }
