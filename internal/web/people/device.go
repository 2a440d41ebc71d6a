package people

import (
	"context"
	"net/http"

	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Devices lets devices in; see oauth.Flow.
type Devices interface {
	Device(ctx context.Context, by user.Caller, typed string) (oauth.Device, error)
	ApproveDevice(ctx context.Context, by user.Caller, typed string) error
	DenyDevice(ctx context.Context, by user.Caller, typed string) error
}

// showDevice is GET /device, also from the link or QR of a device: its code is
// filled in, and nothing happens by itself (RFC 8628 section 5.4).
func (p *Pages) showDevice(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	typed := f["user_code"]
	if code, ok := devicecode.ParseUserCode(typed); ok {
		typed = code
	}
	return p.own(w, r, http.StatusOK, page.DeviceCode{Code: clip(typed)})
}

// decideDevice is POST /device: the code alone asks, with a decision it decides.
func (p *Pages) decideDevice(w http.ResponseWriter, r *http.Request, f form) error {
	by, typed := web.Of(r).Caller, f["code"]
	d, err := p.o.Devices.Device(r.Context(), by, typed)
	if err == nil {
		switch f["decision"] {
		case "":
			return p.own(w, r, http.StatusOK, deviceView(d))
		case "approve":
			err = p.o.Devices.ApproveDevice(r.Context(), by, typed)
		case "deny":
			err = p.o.Devices.DenyDevice(r.Context(), by, typed)
		default:
			return web.ErrBadRequest
		}
	}
	if err == nil {
		return p.own(w, r, http.StatusOK, page.DeviceDone{Approved: f["decision"] == "approve", Client: d.Client})
	}
	return p.again(w, r, deviceFault(err), p.own, func(again page.Form) page.View { return page.DeviceCode{Form: again, Code: clip(typed)} })
}

func deviceFault(err error) error {
	if e := devicecode.ErrUnknown; e.Is(err) {
		return at("code", err)
	}
	return err
}

func deviceView(d oauth.Device) page.DeviceAsk {
	v := page.DeviceAsk{
		Code: d.UserCode, Client: d.Client, URI: d.ClientURI, APIs: d.Audiences, Device: useragent.Describe(d.UserAgent), Place: d.Place, IP: d.IP, Asked: d.AskedAt,
	}
	for _, s := range d.Scopes {
		v.Scopes = append(v.Scopes, page.Scope{Name: s.Name, Text: s.Description})
	}
	return v
}
