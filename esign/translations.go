package esign

import (
	"slices"
	"strings"

	"github.com/evaultlib/evault/storage"
)

// DisclosureIn is the disclosure in a language (BCP 47): the one with that locale,
// else the first whose locale begins with the same language, else
// Config.Disclosure.
func (e *Engine) DisclosureIn(language string) Disclosure {
	all := e.disclosures()
	for _, same := range []func(locale string) bool{
		func(locale string) bool { return strings.EqualFold(locale, language) },
		func(locale string) bool { return strings.EqualFold(primary(locale), primary(language)) },
	} {
		if i := slices.IndexFunc(all, func(d Disclosure) bool { return same(d.Locale) }); i >= 0 {
			return all[i]
		}
	}
	return e.cfg.Disclosure
}

func primary(locale string) string {
	language, _, _ := strings.Cut(locale, "-")
	return language
}

// disclosures are the disclosure in force in all its languages.
func (e *Engine) disclosures() []Disclosure {
	return append([]Disclosure{e.cfg.Disclosure}, e.cfg.Translations...)
}

// disclosureOf is the disclosure in force with that digest.
func (e *Engine) disclosureOf(sum storage.Digest) (Disclosure, bool) {
	for _, d := range e.disclosures() {
		if d.SHA256() == sum {
			return d, true
		}
	}
	return Disclosure{}, false
}

// SpanishDisclosure is DefaultDisclosure in Spanish.
func SpanishDisclosure() Disclosure {
	return Disclosure{Version: "1", Locale: "es-US", Title: "Consentimiento para documentos y firmas electrónicos", Text: spanishDisclosure}
}

const spanishDisclosure = `Se le pide que lea y firme un documento electrónicamente. Lea primero lo siguiente.

Qué acepta. Acepta recibir el documento que se nombra en la página de firma, y los avisos que le corresponden, como documentos electrónicos, y firmarlo electrónicamente. Su aceptación abarca solo esta operación.

Papel. Puede tener el documento en papel en lugar de esto. Para pedirlo, o para pedir una copia en papel después de firmar, responda al mensaje que le trajo esta página. Si la copia tiene un costo, el remitente se lo dice antes de hacerla.

Retirar la aceptación. Puede retirar esta aceptación en cualquier momento, con el enlace de la página de firma o respondiendo al mensaje que le trajo esta página. No tiene costo. Antes de firmar, retirarla significa que no puede firmar electrónicamente. Una firma que dio antes de retirarla sigue siendo válida.

Sus datos de contacto. Si cambia su dirección de correo electrónico, avise al remitente respondiendo al mensaje que le trajo esta página.

Qué necesita. Un dispositivo con un navegador web actual, una cuenta de correo electrónico, un programa que muestre archivos PDF, y memoria o una impresora para guardarlos. Si un cambio de estos requisitos pudiera impedirle leer sus documentos, se le avisará y se le preguntará otra vez.

Guardar su copia. Puede descargar ahora una copia del documento desde la página de firma, y una copia del documento completo cuando todas las personas hayan firmado.`
