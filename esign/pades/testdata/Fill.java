import com.itextpdf.text.pdf.PdfReader;
import com.itextpdf.text.pdf.PdfStamper;
import java.io.FileOutputStream;

/** Fills in fields of PDF forms by incremental updates: arguments in fours, from, to, field and value. */
public class Fill {
  public static void main(String[] args) throws Exception {
    for (int i = 0; i < args.length; i += 4) {
      PdfStamper stamper = new PdfStamper(new PdfReader(args[i]), new FileOutputStream(args[i + 1]), '\0', true);
      // The last argument keeps the looks of buttons, as readers do.
      if (!stamper.getAcroFields().setField(args[i + 2], args[i + 3], true)) {
        throw new IllegalStateException(args[i + 2]);
      }
      stamper.close();
    }
  }
}
