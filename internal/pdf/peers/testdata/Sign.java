import com.itextpdf.text.Rectangle;
import com.itextpdf.text.pdf.PdfReader;
import com.itextpdf.text.pdf.PdfSignatureAppearance;
import com.itextpdf.text.pdf.PdfStamper;
import com.itextpdf.text.pdf.security.BouncyCastleDigest;
import com.itextpdf.text.pdf.security.LtvTimestamp;
import com.itextpdf.text.pdf.security.MakeSignature;
import com.itextpdf.text.pdf.security.PrivateKeySignature;
import com.itextpdf.text.pdf.security.TSAClientBouncyCastle;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Signs PDFs by incremental updates with iText 5. Each line of the input is one signature, its columns separated by tabs:
 *
 * <pre>
 * in out field page x0 y0 x1 y1 sign|field|stamp tsa
 * </pre>
 *
 * "sign" makes a new field (visible unless the rectangle is empty), "field" signs in the field that is there, "stamp" adds a document
 * time-stamp by the authority at the URL tsa; a signature has a time-stamp if tsa is not "-". The answer is "ok", or what was wrong.
 */
public class Sign {
    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(args[0]))));
        Certificate[] chain;
        try (var in = Files.newInputStream(Path.of(args[1]))) {
            chain = CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            try {
                sign(line.split("\t"), key, chain);
                System.out.println("ok");
            } catch (Exception e) {
                System.out.println(e.toString().replaceAll("\\s+", " "));
            }
        }
    }

    static void sign(String[] a, PrivateKey key, Certificate[] chain) throws Exception {
        PdfReader reader = new PdfReader(a[0]);
        PdfSignatureAppearance s = PdfStamper.createSignature(reader, new FileOutputStream(a[1]), '\0', null, true).getSignatureAppearance();
        Rectangle r = new Rectangle(Float.parseFloat(a[4]), Float.parseFloat(a[5]), Float.parseFloat(a[6]), Float.parseFloat(a[7]));
        TSAClientBouncyCastle tsa = a[9].equals("-") ? null : new TSAClientBouncyCastle(a[9]);
        switch (a[8]) {
            case "stamp":
                LtvTimestamp.timestamp(s, tsa, a[2]);
                return;
            case "field":
                s.setVisibleSignature(a[2]);
                break;
            default:
                if (r.getWidth() > 0) {
                    s.setVisibleSignature(r, Integer.parseInt(a[3]), a[2]);
                }
        }
        s.setReason("Agreed");
        MakeSignature.signDetached(s, new BouncyCastleDigest(), new PrivateKeySignature(key, "SHA-256", "BC"), chain, null, null, tsa, 0,
            MakeSignature.CryptoStandard.CADES);
    }
}
