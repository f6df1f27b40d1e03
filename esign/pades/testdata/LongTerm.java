import com.itextpdf.text.pdf.AcroFields;
import com.itextpdf.text.pdf.PdfDictionary;
import com.itextpdf.text.pdf.PdfName;
import com.itextpdf.text.pdf.PdfReader;
import com.itextpdf.text.pdf.PdfStamper;
import com.itextpdf.text.pdf.security.CRLVerifier;
import com.itextpdf.text.pdf.security.CertificateInfo;
import com.itextpdf.text.pdf.security.CertificateVerification;
import com.itextpdf.text.pdf.security.EncryptionAlgorithms;
import com.itextpdf.text.pdf.security.LtvVerification;
import com.itextpdf.text.pdf.security.LtvVerifier;
import com.itextpdf.text.pdf.security.OCSPVerifier;
import com.itextpdf.text.pdf.security.PdfPKCS7;
import com.itextpdf.text.pdf.security.VerificationOK;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.CRL;
import java.security.cert.Certificate;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tsp.TimeStampToken;

/**
 * Says what iText 5 and Bouncy Castle find in the signed PDFs of a folder:
 *
 * <pre>
 * java -cp itext5.jar:bcprov.jar:bcpkix.jar:bcutil.jar LongTerm.java roots.pem today.crl folder
 *
 * file  field  kind=seal|stamp covers=whole|revision integrity= imprint= token= certification=0..3 path= vri= unrevoked=
 * file  ltv    ok: certificate:by, ... | failed: why
 * </pre>
 *
 * Columns are separated by tabs. "unrevoked" names the certificates, those of the time-stamp included, that OCSP responses or
 * CRLs out of the document security store show unrevoked today. "vri" says whether the store has an entry under the name
 * that iText gives it. "ltv" is what LtvVerifier shows from the last signature back, each revision by the store of the next.
 * The lists in today.crl are what a reader would fetch for that last one; nothing is fetched.
 */
public class LongTerm {
    static final KeyStore roots = emptyStore();
    static final List<X509CRL> today = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        // iText 5 knows RSA (PKCS #1 v1.5) and DSA by itself. Of others it takes the name; Bouncy Castle does the rest.
        EncryptionAlgorithms.addAlgorithm("1.2.840.10045.4.3.2", "ECDSA");
        EncryptionAlgorithms.addAlgorithm("1.2.840.10045.4.3.3", "ECDSA");
        EncryptionAlgorithms.addAlgorithm("1.2.840.10045.4.3.4", "ECDSA");
        EncryptionAlgorithms.addAlgorithm("1.2.840.113549.1.1.10", "RSAandMGF1");
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        try (var in = Files.newInputStream(Path.of(args[0]))) {
            for (Certificate c : factory.generateCertificates(in)) {
                roots.setCertificateEntry("root " + roots.size(), c);
            }
        }
        try (var in = Files.newInputStream(Path.of(args[1]))) {
            for (CRL c : factory.generateCRLs(in)) {
                today.add((X509CRL) c);
            }
        }
        try (var list = Files.list(Path.of(args[2]))) {
            for (Path p : list.filter(p -> p.toString().endsWith(".pdf")).sorted().collect(Collectors.toList())) {
                new LongTerm(p.getFileName().toString(), Files.readAllBytes(p)).report();
            }
        }
    }

    static KeyStore emptyStore() {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            return store;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    final String name;
    final byte[] raw;

    LongTerm(String name, byte[] raw) {
        this.name = name;
        this.raw = raw;
    }

    interface Answer {
        String get() throws Exception;
    }

    static String attempt(Answer a) {
        try {
            return a.get();
        } catch (Exception e) {
            return "failed: " + why(e);
        }
    }

    static String why(Exception e) {
        if (e instanceof CertificateExpiredException) {
            return "expired"; // it says when
        }
        return (e.getClass().getSimpleName() + ": " + e.getMessage()).replaceAll("\\s+", " ");
    }

    static String holds(boolean b) {
        return b ? "ok" : "bad";
    }

    void report() throws Exception {
        PdfReader reader = new PdfReader(raw);
        AcroFields fields = reader.getAcroFields();
        for (String field : fields.getSignatureNames()) {
            System.out.println(name + "\t" + field + "\t" + attempt(() -> signature(reader, fields, field)));
        }
        System.out.println(name + "\tltv\t" + attempt(() -> "ok: " + by(new Revisions(new PdfReader(raw)).verify(null))));
    }

    String signature(PdfReader reader, AcroFields fields, String field) throws Exception {
        PdfPKCS7 cms = fields.verifySignature(field);
        TimeStampToken token = cms.getTimeStampToken();
        boolean stamped = token != null && !cms.isTsp();
        PdfPKCS7 stamp = stamped ? new PdfPKCS7(token.getEncoded(), PdfName.ETSI_RFC3161, null) : null;
        Calendar at = token == null ? Calendar.getInstance() : cms.getTimeStampDate();
        TreeSet<String> unrevoked = unrevoked(cms);
        if (stamped) {
            unrevoked.addAll(unrevoked(stamp));
        }
        return String.join(" ",
            "kind=" + (cms.isTsp() ? "stamp" : "seal"),
            "covers=" + (fields.signatureCoversWholeDocument(field) ? "whole" : "revision"),
            "integrity=" + attempt(() -> holds(cms.verify())),
            "imprint=" + (stamped ? attempt(() -> holds(cms.verifyTimestampImprint())) : "none"),
            "token=" + (token == null ? "none" : attempt(() -> signed(token))),
            "certification=" + reader.getCertificationLevel(),
            "path=" + path(cms, at) + (stamped ? "," + path(stamp, at) : ""),
            "vri=" + vri(reader, field),
            "unrevoked=" + String.join(",", unrevoked));
    }

    /** Whether the certificate that a token names signed it, and is for time-stamps alone (RFC 3161 §2.3). */
    @SuppressWarnings("unchecked")
    static String signed(TimeStampToken token) throws Exception {
        for (Object o : token.getCertificates().getMatches(token.getSID())) {
            token.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build((X509CertificateHolder) o));
            return "ok";
        }
        return "bad";
    }

    /** Of Bouncy Castle's certificates iText thinks that a critical extended key usage is unsupported, not of the JDK's. */
    static String path(PdfPKCS7 cms, Calendar at) throws Exception {
        Certificate[] chain = cms.getSignCertificateChain().clone();
        for (int i = 0; i < chain.length; i++) {
            chain[i] = CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(chain[i].getEncoded()));
        }
        var problems = CertificateVerification.verifyCertificates(chain, roots, Collections.<CRL>emptyList(), at);
        return problems.isEmpty() ? "ok" : "failed: " + why(problems.get(0));
    }

    static String vri(PdfReader reader, String field) throws Exception {
        PdfDictionary dss = reader.getCatalog().getAsDict(PdfName.DSS);
        if (dss == null || dss.getAsDict(PdfName.VRI) == null) {
            return "none";
        }
        PdfStamper stamper = new PdfStamper(new PdfReader(reader), new ByteArrayOutputStream(), '\0', true);
        Method key = LtvVerification.class.getDeclaredMethod("getSignatureHashKey", String.class);
        key.setAccessible(true);
        PdfName name = (PdfName) key.invoke(stamper.getLtvVerification(), field);
        return dss.getAsDict(PdfName.VRI).getAsDict(name) == null ? "elsewhere" : "there";
    }

    TreeSet<String> unrevoked(PdfPKCS7 cms) throws Exception {
        TreeSet<String> out = new TreeSet<>();
        PdfReader reader = new PdfReader(raw);
        if (reader.getCatalog().getAsDict(PdfName.DSS) == null) {
            return out;
        }
        Store store = new Store(reader);
        Certificate[] chain = cms.getSignCertificateChain();
        for (int i = 0; i < chain.length; i++) {
            X509Certificate cert = (X509Certificate) chain[i];
            X509Certificate issuer = i + 1 < chain.length ? (X509Certificate) chain[i + 1] : root(cert);
            CRLVerifier lists = new CRLVerifier(null, store.getCRLsFromDSS());
            lists.setRootStore(roots);
            lists.setOnlineCheckingAllowed(false);
            OCSPVerifier answers = new OCSPVerifier(lists, store.getOCSPResponsesFromDSS());
            answers.setRootStore(roots);
            answers.setOnlineCheckingAllowed(false);
            try {
                for (VerificationOK ok : answers.verify(cert, issuer, new Date())) {
                    if (!by(ok).endsWith(":root")) {
                        out.add(by(ok));
                    }
                }
            } catch (GeneralSecurityException e) {
                out.add(CertificateInfo.getSubjectFields(cert).getField("CN") + " failed: " + why(e));
            }
        }
        return out;
    }

    /** Reads the document security store of the whole file, whatever the last signature covers. */
    static class Store extends LtvVerifier {
        Store(PdfReader reader) throws GeneralSecurityException {
            super(reader);
            dss = reader.getCatalog().getAsDict(PdfName.DSS);
        }

        @Override
        protected PdfPKCS7 coversWholeDocument() {
            return null;
        }
    }

    static class Revisions extends LtvVerifier {
        Revisions(PdfReader reader) throws GeneralSecurityException {
            super(reader);
            setRootStore(roots);
            setCertificateOption(LtvVerification.CertificateOption.WHOLE_CHAIN);
            setOnlineCheckingAllowed(false);
        }

        /** iText wants the root in the signature, which need not carry it: it is among those given. */
        @Override
        public List<VerificationOK> verify(X509Certificate cert, X509Certificate issuer, Date at) throws GeneralSecurityException, IOException {
            setVerifier(latestRevision ? new CRLVerifier(null, today) : null);
            return super.verify(cert, issuer == null ? root(cert) : issuer, at);
        }
    }

    static X509Certificate root(X509Certificate c) throws GeneralSecurityException {
        for (String alias : Collections.list(roots.aliases())) {
            X509Certificate r = (X509Certificate) roots.getCertificate(alias);
            if (r.getSubjectX500Principal().equals(c.getIssuerX500Principal())) {
                return r;
            }
        }
        return null;
    }

    static String by(List<VerificationOK> list) {
        return list.stream().map(LongTerm::by).collect(Collectors.joining(", "));
    }

    /** Shortens "C=US,CN=Leaf verified with com.itextpdf...OCSPVerifier: ..." to "Leaf:ocsp". */
    static String by(VerificationOK ok) {
        String said = ok.toString();
        String who = said.replaceAll("(?s)^.*CN=([^,]*?)(,.*)? verified with.*$", "$1");
        return who + (said.contains("OCSPVerifier") ? ":ocsp" : said.contains("CRLVerifier") ? ":crl" : ":root");
    }
}
